/** The label of a node that compiles packages: `zentoo.builder=true`. */
export const builderLabel = 'zentoo.builder';
/** The label of a node with the number of containers at the same time. */
export const jobsLabel = 'zentoo.jobs';
/** The label of the objects that a run makes on a swarm; the value is the prefix of the site's volumes. */
export const swarmLabel = 'zentoo.swarm';
/** The label of these objects with the container whose run made them. */
export const swarmOwnerLabel = 'zentoo.owner';
/** The port of node proxies in their own network. */
export const proxyPort = 2376;
/** The files of the certificates in a node proxy, below /run/secrets. */
export const secretFiles = ['ca', 'cert', 'key'] as const;
/** The command that lets a node take part. */
export const labelCommand = `docker node update --label-add ${builderLabel}=true NODE`;

/** Stands for a node whose host name no command line takes. */
export const anyNode = 'NODE';

/** The host name of a node for a command line. A node chooses it, so it may be anything: an option of ssh, for example, or nothing. */
export function hostnameOf({ hostname }: { readonly hostname: string }): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(hostname) ? hostname : anyNode;
}
