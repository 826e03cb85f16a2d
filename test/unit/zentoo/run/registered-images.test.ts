import { expect, test } from 'vitest';
import { lookInto } from '../../../../src/container/look-into.ts';
import { readRegistered, registerSiteImage } from '../../../../src/zentoo/run/registered-images.ts';
import { statePlace } from '../../../../src/zentoo/run/site-state.ts';
import { baseName } from '../../builder/build-world.ts';
import { SiteWorld } from '../site-world.ts';

test.each(['docker', 'podman'] as const)(
  'case 1.8: the register on %s has each committed image by name and id',
  async (flavour) => {
    using world = new SiteWorld();
    world.engine.flavour = flavour;
    const [own, foreign] = ['zentoo/net/own:latest', 'zentoo/net/foreign:latest'];
    const [one, other] = [world.engine.addImage(own), world.engine.addImage(foreign)];
    const run = { ...world.run(), registered: new Map() };
    const session = await world.session();
    await registerSiteImage(run, session, own, one.id);
    expect([...run.registered]).toEqual([[own, one.id]]);
    const read = (images: readonly (readonly [string, typeof one])[]) => {
      const mounts = [{ type: 'volume', source: 'zentoo-net-state', target: statePlace }] as const;
      return lookInto(world.context, { image: baseName, mounts }, (probe) => readRegistered(probe, new Map(images)));
    };
    expect([
      ...(await read([
        [own, one],
        [foreign, other],
      ])),
    ]).toEqual([[own, one.id]]);
    // The name was given to another image.
    expect([...(await read([[own, other]]))]).toEqual([]);
    // The former image of a name is registered as well: zentoo committed both.
    await registerSiteImage(run, session, own, other.id);
    expect([...(await read([[own, other]]))]).toEqual([[own, other.id]]);
    expect([...(await read([[own, one]]))]).toEqual([[own, one.id]]);
  },
);
