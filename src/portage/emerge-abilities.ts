/** The abilities of an emerge that older versions do not have. */
export interface EmergeAbilities {
  /** Whether emerge serves a stream of its status (`FEATURES=observability`, since Portage 3.0.82). */
  readonly observable: boolean;
  /**
   * Whether emerge can check the free space of PORTAGE_TMPDIR before it begins a package while it builds others
   * (`--jobs-tmpdir-require-free-gb`).
   */
  readonly measuresSpace: boolean;
}
