import type { Site } from '../site/site.ts';
import type { WorkOrder } from './work-order.ts';

/** The name of an order's task in the events of its report, without spaces. */
export function taskLabel(order: WorkOrder, { tuples }: Pick<Site, 'tuples'>): string {
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
