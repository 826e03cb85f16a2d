/** What emerge is told to do otherwise in a container that is thrown away, and why that is safe there. */
export interface ThrowawayFeature {
  /** As in FEATURES, make.conf(5); what begins with a dash is off. */
  readonly features: readonly [string, ...string[]];
  /** A sentence without a full stop. */
  readonly why: string;
}

/**
 * Features that only protect a system that lives on, or that cannot work in a container. What each of them gains was
 * measured: docs/features.md, which a test holds to this.
 */
export const throwawayFeatures: readonly ThrowawayFeature[] = [
  {
    features: ['-merge-sync'],
    why: 'a crash loses the whole container, so nothing is gained by syncing its file system after each package',
  },
  {
    features: ['-merge-wait'],
    why: 'nothing else uses the system meanwhile: with --jobs, finished packages need not wait until all running builds have ended',
  },
  {
    features: ['-ipc-sandbox', '-mount-sandbox', '-network-sandbox', '-pid-sandbox'],
    why: "these need unshare(2), which an engine's default seccomp profile refuses: Portage warns of each and goes on without; the container is the sandbox",
  },
  {
    features: ['-news'],
    why: 'news items are for whoever keeps a machine, and what is noted of them would be in the image',
  },
];

/** All of them, as one value of FEATURES. */
export const throwawayFeatureWords: readonly string[] = throwawayFeatures.flatMap(({ features }) => features);
