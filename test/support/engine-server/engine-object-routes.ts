import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { ContainerId, ImageId } from '../../../src/engine/identifiers.ts';
import { imageJson, listedImageJson } from './engine-answers.ts';
import { filterOf, plain, raw, type Route } from './engine-route.ts';
import { FakeRefusal } from '../fake-engine/fake-engine-state.ts';
import type { FakeEngine } from '../fake-engine/fake-engine.ts';

/** The routes to images. */
export function imageRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  const bare = (name: string): string => (engine.flavour === 'podman' ? name.replace(/^localhost\//, '') : name);
  const named = (query: URLSearchParams): string => `${query.get('repo')}:${query.get('tag') ?? 'latest'}`;
  const shortId = (id: string): string => (engine.flavour === 'podman' ? id.replace('sha256:', '') : id);
  const changesIn = (query: URLSearchParams): string[] =>
    query.getAll('changes').join('\n').split('\n').filter(Boolean);
  // Podman splits the changes of a commit into lines, but not those of an import.
  const importChangesIn = (query: URLSearchParams): string[] =>
    engine.flavour === 'podman' ? query.getAll('changes') : changesIn(query);
  return [
    plain('GET', '/images/json', async ({ query }) => {
      const images = await engine.imagesWithLabel(filterOf(query, 'label'));
      return images.map((image) => listedImageJson(engine.flavour, image));
    }),
    plain('GET', '/images/ID/json', async ({ id }) => {
      const image = await engine.inspectImage(bare(id));
      if (image === undefined) throw new FakeRefusal(404, `No such image: ${id}`);
      return imageJson(engine.flavour, image);
    }),
    raw('POST', '/images/create', async ({ query, stream, signal }, response) => {
      const say = (message: object): void => void response.write(`${JSON.stringify(message)}\n`);
      if (query.has('fromSrc')) {
        const archive = await buffer(stream);
        const request = { name: named(query), changes: importChangesIn(query) };
        say({ status: await engine.importImage(Readable.from([archive]), request, signal) });
      } else {
        const name = `${query.get('fromImage')}:${query.get('tag')}`;
        await engine.pullImage(
          name,
          ({ layer, status, ...progressDetail }) => say({ id: layer, status, progressDetail }),
          signal,
        );
      }
      response.end();
    }),
    raw('GET', '/images/ID/get', async ({ id }, response) => {
      const archive = await engine.saveImage(bare(id) as ImageId);
      if (archive === undefined) throw new FakeRefusal(404, `No such image: ${id}`);
      response.writeHead(200, { 'content-type': 'application/x-tar' });
      response.end(await buffer(archive));
    }),
    raw('POST', '/images/load', async ({ stream, signal }, response) => {
      await engine.loadImages(Readable.from([await buffer(stream)]), signal);
      response.end('{"stream":"Loaded image"}\n');
    }),
    plain('POST', '/images/ID/tag', ({ id, query }) => engine.tagImage(bare(id), named(query)), 201),
    plain('DELETE', '/images/ID', async ({ id }) => {
      if ((await engine.inspectImage(bare(id))) === undefined) throw new FakeRefusal(404, `No such image: ${id}`);
      await engine.removeImage(bare(id));
      return [];
    }),
    plain('POST', '/commit', async ({ query, body }) => {
      const { Labels = {} } = (await body()) as { readonly Labels?: Readonly<Record<string, string>> };
      const labels = engine.flavour === 'podman' ? {} : Labels;
      const request = { name: named(query), changes: changesIn(query), labels };
      return { Id: shortId(await engine.commitContainer(query.get('container') as ContainerId, request)) };
    }),
  ];
}

/** The routes to volumes. */
export function volumeRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  const json = ({ name, labels }: { name: string; labels: object }) => ({ Name: name, Labels: labels });
  return [
    plain('POST', '/volumes/create', async ({ body }) => {
      const { Name, Labels } = (await body()) as { Name: string; Labels: Record<string, string> };
      await engine.createVolume(Name, Labels);
      return { Name, Labels };
    }),
    plain('GET', '/volumes', async ({ query }) => {
      const volumes = await engine.volumesWithLabel(filterOf(query, 'label'));
      return { Volumes: volumes.length === 0 ? null : volumes.map(json) };
    }),
    plain('GET', '/volumes/ID', async ({ id }) => {
      const volume = await engine.inspectVolume(id);
      if (volume === undefined) throw new FakeRefusal(404, `get ${id}: no such volume`);
      return json(volume);
    }),
    plain('DELETE', '/volumes/ID', async ({ id }) => {
      if ((await engine.inspectVolume(id)) === undefined) throw new FakeRefusal(404, `get ${id}: no such volume`);
      await engine.removeVolume(id);
    }),
  ];
}

/** The routes to networks. */
export function networkRoutes(engine: FakeEngine): readonly Route<ServerResponse>[] {
  const absent = (id: string) => new FakeRefusal(404, `network ${id} not found`);
  return [
    plain('POST', '/networks/create', async ({ body }) => {
      const { Name, Labels, Options } = (await body()) as NetworkBody;
      if (engine.flavour === 'podman' && Object.keys(Options).length > 0) {
        throw new FakeRefusal(500, `unsupported bridge network option ${Object.keys(Options)[0]}`);
      }
      if (engine.networks.has(Name)) throw new FakeRefusal(409, `network with name ${Name} already exists`);
      await engine.createNetwork(Name, Labels);
      return { Id: Name };
    }),
    plain('GET', '/networks/ID', async ({ id }) => {
      const network = await engine.inspectNetwork(id);
      if (network === undefined) throw absent(id);
      const containers = network.endpoints.map(({ container, address }) => [
        container,
        { IPv4Address: `${address}/24` },
      ]);
      // Podman names the containers that do not run, too.
      if (engine.flavour === 'podman') {
        for (const { id: each } of engine.networks.get(network.name)?.containers ?? []) {
          if (!network.endpoints.some(({ container }) => container === each))
            containers.push([each, { IPv4Address: '10.89.0.9/24' }]);
        }
      }
      return {
        Name: network.name,
        Driver: 'bridge',
        Internal: network.isIsolated,
        Labels: network.labels,
        IPAM: { Config: network.subnets.map((Subnet) => ({ Subnet })) },
        Containers: Object.fromEntries(containers) as object,
      };
    }),
    plain('POST', '/networks/ID/connect', async ({ id, body }) => {
      const { Container } = (await body()) as { Container: ContainerId };
      const inside = engine.networks.get(id)?.containers;
      if (inside?.has(engine.container(Container)) === true) {
        throw new FakeRefusal(403, `endpoint with name ${Container} already exists in network ${id}`);
      }
      await engine.connectNetwork(id, Container);
    }),
    plain('DELETE', '/networks/ID', async ({ id }) => {
      if ((await engine.inspectNetwork(id)) === undefined) throw absent(id);
      await engine.removeNetwork(id);
    }),
  ];
}

interface NetworkBody {
  readonly Name: string;
  readonly Labels: Record<string, string>;
  readonly Options: Record<string, string>;
}
