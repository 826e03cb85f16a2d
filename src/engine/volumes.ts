/** A named volume. */
export interface Volume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it is an ordinary directory of the engine: driver `local` without options, which could mount something else. */
  readonly isPlain: boolean;
}

/** The volumes of an engine; `engine.ts` describes the errors of the methods. */
export interface Volumes {
  /** Creates a volume. If a volume with this name exists, the engine keeps it and its labels unchanged. */
  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  inspectVolume(name: string): Promise<Volume | undefined>;
  /** Lists all volumes that have a label, `name` or `name=value`. */
  volumesWithLabel(label: string): Promise<readonly Volume[]>;
  /** Removes a volume. The engine refuses with `conflict` while a container mounts the volume. */
  removeVolume(name: string): Promise<void>;
}
