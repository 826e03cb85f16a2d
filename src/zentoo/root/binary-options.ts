/** The options that make emerge use the packages of the store, and make a binary package of each package that it compiles. */
export const binaryOptions = [
  '--usepkg=y',
  // FEATURES=buildpkg in the environment does not apply to packages that a cross build compiles for the stage.
  '--buildpkg=y',
  '--getbinpkg=n',
] as const;

/** The same, if the packages of the store come from a server. */
export const servedOptions = [...binaryOptions.slice(0, -1), '--getbinpkg=y'] as const;
