/** How emerge takes packages from the store, and makes those that it compiles. */
export const binaryOptions = [
  '--usepkg=y',
  // In the environment, FEATURES=buildpkg does not reach what a cross build compiles for the stage.
  '--buildpkg=y',
  '--getbinpkg=n',
  '--binpkg-respect-use=y',
] as const;
