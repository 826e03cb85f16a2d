import type { BuildContext } from './context.ts';
import { inWorkspace } from './in-workspace.ts';
import { withProbe, type Probe, type ProbeRequest } from './probe.ts';

/**
 * Reads and writes files of an image and of volumes through a probe: a container that is created, never started and removed. If
 * this program dies before the removal, the next run removes the container.
 */
export async function lookInto<T>(
  context: BuildContext,
  request: ProbeRequest,
  look: (probe: Probe) => Promise<T>,
): Promise<T> {
  return inWorkspace({ keepFailed: false }, context, async (workspace) => {
    const result = await withProbe(context.engine, workspace, request, look);
    // Only the probe mounted the volume, and the probe is removed.
    await context.engine.removeVolume(workspace.volume);
    return result;
  });
}
