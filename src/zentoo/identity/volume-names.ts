/** The names of a site's volumes on an engine. */
export interface SiteVolumeNames {
  /** The beginning of the names. */
  readonly volumePrefix: string;
  /** Whether the site is registered: a command that only reads does not register it, and then there is no state volume. */
  readonly isRegistered: boolean;
}

/** The volume in which a site keeps its state. */
export function stateVolume({ volumePrefix }: Pick<SiteVolumeNames, 'volumePrefix'>): string {
  return `${volumePrefix}-state`;
}
