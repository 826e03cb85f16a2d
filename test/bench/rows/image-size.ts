import type { Bench } from '../bench-world.ts';
import { builderImage } from '../builder.ts';
import { ratios } from '../compare.ts';
import type { Row } from '../row.ts';

const megabyte = 1e6;

/** The builder's image against the Node runtime image that it is made from. */
export async function compareImageSize({ api, runtimeImage: runtime }: Bench): Promise<readonly Row[]> {
  const sizeOf = async (image: string) => (await api.call<{ Size: number }>('GET', `/images/${image}/json`)).Size;
  const [ours, theirs] = [await sizeOf(builderImage), await sizeOf(runtime)];
  return [
    {
      name: 'size',
      what: 'image size: gentoo-builder / its Node runtime image',
      value: ratios([ours], [theirs]),
      target: { atMost: 1.15 },
      details: [`gentoo-builder ${(ours / megabyte).toFixed(1)} MB, ${runtime} ${(theirs / megabyte).toFixed(1)} MB`],
    },
  ];
}
