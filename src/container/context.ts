import type { Container } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import type { LocalEngine } from '../engine/local-engine.ts';
import type { ProxySettings } from '../portage/proxy-settings.ts';
import type { Report } from '../report/event.ts';

/** The parameters that all steps share: the engine, the report and the signal; the request is not part of it. */
export interface BuildContext {
  readonly engine: Engine;
  readonly report: Report;
  /** Aborted to end the run early; its reason is a `Failure`. */
  readonly signal: AbortSignal;
  /** The container that this program runs in; undefined on a host. */
  readonly self: Container | undefined;
  /** Finds the engine of the machine that this program runs on, if the program works on another one. */
  readonly findLocal?: () => Promise<LocalEngine | undefined>;
  /** The proxies for programs in containers. They are passed at each exec, because an image inherits a container's environment. */
  readonly proxies?: ProxySettings;
}
