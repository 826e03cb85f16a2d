/** A change of FEATURES for a container that is thrown away, and why it is safe there. */
export interface ThrowawayFeature {
  /** The words as in FEATURES, make.conf(5); a leading dash switches a feature off. */
  readonly features: readonly [string, ...string[]];
  /** The reason, as a sentence without a full stop. */
  readonly why: string;
}

/**
 * Features that only protect a permanent system, or that cannot work in a container. docs/features.md has the measured
 * gain of each change; a test compares it with this list.
 */
export const throwawayFeatures: readonly ThrowawayFeature[] = [
  {
    features: ['-merge-sync'],
    why: 'a crash loses the whole container, so a sync of its file system after each package has no benefit',
  },
  {
    features: ['-merge-wait'],
    why: 'nothing else uses the system meanwhile: with --jobs, finished packages need not wait until all running builds have ended',
  },
  {
    features: ['-ipc-sandbox', '-mount-sandbox', '-network-sandbox', '-pid-sandbox'],
    why: "they need unshare(2), which an engine's default seccomp profile refuses; the container itself is the sandbox",
  },
  {
    features: ['-news'],
    why: "news items are for the administrator of a machine, and Portage's notes about them would be in the image",
  },
];

/** The words of all changes, for one value of FEATURES. */
export const throwawayFeatureWords: readonly string[] = throwawayFeatures.flatMap(({ features }) => features);
