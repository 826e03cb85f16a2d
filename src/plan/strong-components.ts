/**
 * Groups positions that need each other in a cycle: the strongly connected components of a graph (Tarjan, "Depth-First Search and
 * Linear Graph Algorithms"), each after the components that it needs. `needs` has, for each position, the positions that it needs.
 */
export function findStrongComponents(needs: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const found: number[][] = [];
  const numbers = new Map<number, number>();
  const lowest = new Map<number, number>();
  const path: number[] = [];
  const visit = (start: number): void => {
    // A recursive function could overflow the stack: the chains of a plan may be long.
    const calls = [{ at: start, next: 0 }];
    while (calls.length > 0) {
      const call = calls.at(-1);
      if (call === undefined) return;
      const { at } = call;
      if (call.next === 0) {
        numbers.set(at, numbers.size);
        lowest.set(at, numbers.get(at) ?? 0);
        path.push(at);
      }
      const target = needs[at]?.[call.next];
      call.next++;
      if (target !== undefined) {
        if (!numbers.has(target)) calls.push({ at: target, next: 0 });
        else if (path.includes(target)) lower(at, numbers.get(target));
        continue;
      }
      calls.pop();
      if (lowest.get(at) === numbers.get(at)) found.push(path.splice(path.indexOf(at)).toSorted((a, b) => a - b));
      const caller = calls.at(-1);
      if (caller !== undefined) lower(caller.at, lowest.get(at));
    }
  };
  const lower = (at: number, value = Infinity): void => void lowest.set(at, Math.min(lowest.get(at) ?? value, value));
  for (const at of needs.keys()) if (!numbers.has(at)) visit(at);
  return found;
}

/** The transitive closure: for each position, all positions that it needs directly or through others, itself left out. */
export function transitiveNeeds(needs: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  return needs.map((own, at) => {
    const reached = new Set<number>();
    const waiting = [...own];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(...(needs[next] ?? []));
    }
    reached.delete(at);
    return reached;
  });
}

/** The needs that do not follow from other needs: the transitive reduction of a graph without cycles. */
export function directNeeds(needs: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const closures = transitiveNeeds(needs);
  return needs.map((own) => own.filter((need) => !own.some((other) => other !== need && closures[other]?.has(need))));
}
