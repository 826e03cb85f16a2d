import * as v from 'valibot';
import type { Container } from '../../engine/containers.ts';
import type { ContainerId } from '../../engine/identifiers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure } from '../../failure.ts';
import { formatOwner, parseOwner, type Owner } from '../../ownership/owner.ts';
import { disproveLease, leaseName } from '../../ownership/ownership.ts';
import { parseJson } from '../../parse-json.ts';
import { ownerLabel } from '../../container/workspace.ts';
import { stateMount, statePlace, type SiteState } from './site-state.ts';

/** The format of a lease: increment it when the labels of the container or the file of the holder change. */
export const leaseFormat = 1;

/** The label with the format, the token and the beginning of a lease. */
const leaseLabel = 'zentoo.lease';

/** The build that holds the lease of a site. */
export interface LeaseHolder {
  readonly id: ContainerId;
  readonly owner: Owner;
  readonly since: Date;
}

/** A lease to create. */
export interface NewLease {
  readonly owner: Owner;
  /** A random text, by which a build recognises its own lease if the engine's answer was lost. */
  readonly token: string;
}

/**
 * Creates the lease of a site: a container that mounts the site's state volume and is never started. An engine gives a name
 * to one container only, so only one of several builds gets the lease. Returns undefined if another build has it.
 */
export async function createLease(state: SiteState, { owner, token }: NewLease): Promise<ContainerId | undefined> {
  const { engine } = state.context;
  const terms = { format: leaseFormat, token, since: new Date().toISOString() };
  try {
    return await engine.createContainer(leaseName(state.volume), {
      image: state.image,
      command: ['/bin/true'],
      mounts: [stateMount(state.volume)],
      labels: { [ownerLabel]: formatOwner(owner), [leaseLabel]: JSON.stringify(terms) },
    });
  } catch (error) {
    // The engine may have created the container, and its answer was lost.
    const container = await engine.inspectContainer(leaseName(state.volume));
    if (container !== undefined && termsOf(container)?.token === token) return container.id;
    if (error instanceof EngineRefusal && error.kind === 'conflict') return undefined;
    throw error;
  }
}

/**
 * Finds the build that holds the lease of a site. Throws `site-taken` if the container with the name of the lease is not a
 * lease: a label alone proves nothing, and zentoo removes only containers that it made.
 */
export async function findLease(state: SiteState): Promise<LeaseHolder | undefined> {
  const name = leaseName(state.volume);
  const container = await state.context.engine.inspectContainer(name);
  if (container === undefined || container.state === 'removing') return undefined;
  const terms = termsOf(container);
  const owner = parseOwner(container.labels[ownerLabel] ?? '');
  const why = disproveLease(container, state.volume, statePlace);
  if (why === undefined && terms !== undefined && owner !== undefined)
    return { id: container.id, owner, since: new Date(terms.since) };
  const cause = why ?? 'its labels are not those of this version of zentoo';
  throw new Failure(
    'site-taken',
    `failed to take the lease of the site: the container ${name} is no lease of a build: ${cause}`,
    { hint: `if no other zentoo builds this site, look at the container and remove it: docker rm ${name}` },
  );
}

const termsSchema = v.object({
  format: v.literal(leaseFormat),
  token: v.string(),
  since: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.check((text) => !Number.isNaN(Date.parse(text))),
  ),
});

function termsOf({ labels }: Pick<Container, 'labels'>): v.InferOutput<typeof termsSchema> | undefined {
  return parseJson(termsSchema, labels[leaseLabel] ?? '');
}
