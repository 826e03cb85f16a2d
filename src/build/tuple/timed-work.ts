import { splitCpv } from '../../portage/cpv.ts';
import type { Executor } from '../../schedule/executor.ts';
import type { History, TimedNode } from '../../schedule/history.ts';
import type { SiteWork } from '../../plan/site-work.ts';

/** What a site's work is in its history: that of one cpu and branch takes as long as it did the last time. */
export function timedNode(work: SiteWork): TimedNode {
  switch (work.kind) {
    case 'buildmaster': {
      const { cpu, portage, stage } = work.tuple;
      return { kind: work.kind, place: stage.name, name: `${cpu.name}-${portage.name}`, version: '' };
    }
    case 'resolve': {
      const tuples = work.tuples.map(({ tuple }) => tuple.name);
      return { kind: work.kind, place: tuples[0] ?? '', name: tuples.join(' '), version: '' };
    }
    case 'packages': {
      const cpvs = work.group.packages.map(({ cpv }) => splitCpv(cpv) ?? { name: cpv, version: '' });
      const join = (part: 'name' | 'version') => cpvs.map((cpv) => cpv[part]).join(' ');
      return { kind: work.kind, place: work.group.partition, name: join('name'), version: join('version') };
    }
    case 'assemble': {
      const { tuple } = work.wanted;
      return { kind: work.kind, place: tuple.stage.name, name: tuple.name, version: tuple.outputs.join(' ') };
    }
  }
}

/** The executor, which notes how long everything took that it did with success; the time is in milliseconds. */
export function noteDurations<Result>(
  executor: Executor<SiteWork, Result>,
  history: History,
  now: () => number = () => performance.now(),
): Executor<SiteWork, Result> {
  return {
    async execute(node, company) {
      const begun = now();
      const executed = await executor.execute(node, company);
      history.note(timedNode(node.work), (now() - begun) / 1000);
      return executed;
    },
  };
}
