import type { Site } from '../site/site.ts';
import type { WorkOrder } from './work-order.ts';

/**
 * The name of an order's task in the events of its report, without spaces.
 *
 * @param engine the name of the engine that carries out the order, if it is not the site's own
 */
export function taskLabel(order: WorkOrder, site: Pick<Site, 'tuples'>, engine?: string): string {
  const name = nameOf(order, site);
  return engine === undefined ? name : `${name}@${engine}`;
}

function nameOf(order: WorkOrder, { tuples }: Pick<Site, 'tuples'>): string {
  switch (order.kind) {
    case 'buildmaster':
      return order.buildmaster;
    case 'resolve':
      return order.tuples[0] ?? '';
    case 'packages': {
      const tuple = tuples.find(({ name }) => name === order.tuple);
      return `${tuple?.cpu.name}-${tuple?.portage.name}:${order.packages[0]?.cpv}`;
    }
    case 'assemble':
      return order.tuple;
  }
}
