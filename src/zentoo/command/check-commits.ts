import { readLabel } from '../../engine/image-labels.ts';
import type { ListedImage } from '../../engine/images.ts';
import { Failure, Failures } from '../../failure.ts';
import { readInputsLabel } from '../../plan/explain-difference.ts';
import type { Commit, Tuple } from '../../site/site.ts';
import { imageName } from '../output/output-names.ts';
import { inputsLabel, siteCommitLabel } from '../identity/labels.ts';
import type { SiteRun } from '../run/site-run.ts';

/** A commit of the last build of a tuple, and the commit that would be built now. */
interface CommitChange {
  /** The repository, and its branch. */
  readonly where: string;
  readonly last: string;
  readonly next: Commit;
}

/**
 * Checks that a build moves images forward only: the commits that are built contain those of the last build, of the site and of the
 * tuple's two branches. Throws `commit-behind` for each tuple with a commit that does not. Warns if a clone does not have enough
 * history to find out.
 */
export async function checkCommits(run: SiteRun, tuples: readonly Tuple[]): Promise<void> {
  const failures: Failure[] = [];
  const unknown = new Set<string>();
  for (const tuple of tuples.filter(({ outputs }) => outputs.includes('image'))) {
    const name = imageName(run, tuple);
    const image = run.images.get(name);
    if (image === undefined || run.registered.get(name) !== image.id) continue;
    const changes = changesOf(run.site.head, tuple, image.labels).map((change) => ({
      ...change,
      is: change.next.contains(change.last),
    }));
    const behind = changes.filter(({ is }) => is === false);
    if (behind.length > 0) failures.push(behindFailure(name, behind));
    for (const { where, is } of changes) if (is === undefined) unknown.add(where);
  }
  const [first, ...others] = failures;
  if (first !== undefined) throw new Failures([first, ...others]);
  for (const where of [...unknown].toSorted())
    await run.report({
      type: 'warning',
      message: `the history of ${where} is not complete: zentoo cannot tell whether it contains the commit of the last build`,
      hint: 'fetch the history (git fetch --unshallow), if an older commit must not replace a newer image',
    });
}

function changesOf(
  head: Commit | undefined,
  { portage, buildhooks }: Tuple,
  labels: ListedImage['labels'],
): CommitChange[] {
  const inputs = readInputsLabel(readLabel(labels, inputsLabel)) ?? {};
  return [
    ...changeOf("the site's repository", readLabel(labels, siteCommitLabel), head),
    ...changeOf(`the branch ${portage.name} of config/portage`, inputs['portage/commit'], portage),
    ...changeOf(`the branch ${buildhooks.name} of config/buildhooks`, inputs['buildhooks/commit'], buildhooks),
  ];
}

/** One change, or none if the last commit or the present one is not known. */
function changeOf(where: string, last: string | undefined, next: Commit | undefined): CommitChange[] {
  return last === undefined || last === '' || next === undefined ? [] : [{ where, last, next }];
}

function behindFailure(image: string, behind: readonly CommitChange[]): Failure {
  const clauses = behind.map(
    ({ where, last, next }) => `the commit ${short(next.commit)} of ${where} does not contain ${short(last)}`,
  );
  return new Failure(
    'commit-behind',
    `failed to move the image ${image}: ${clauses.join(', and ')}, which it was built from last`,
    {
      hint: 'update this clone (git pull --recurse-submodules), or build all the same: zentoo build --force',
    },
  );
}

const short = (commit: string): string => commit.slice(0, 10);
