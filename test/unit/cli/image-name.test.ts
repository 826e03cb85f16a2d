import { describe, expect, it } from 'vitest';
import { parseImageName } from '../../../src/cli/image-name.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('an image name', () => {
  it.each([
    ...['a', 'a0', 'a-b', 'a--b', 'a_b', 'a__b', 'a.b', 'a/b', 'a/b.c/d__e'],
    ...['localhost/a', 'localhost:5000/a', 'registry.example/a/b', 'my-registry.example:443/a', 'Registry.Example/a'],
    ...['a:1', 'a:_', 'a:Tag_1.2-r3', `a:${'x'.repeat(128)}`, 'h:5000/a:b'],
    ...[`a@${digest}`, `h:5000/a/b:c@${digest}`, digest, 'a'.repeat(456)],
  ])('may be %s', (text) => {
    expect(parseImageName(text)).toBe(text);
  });

  it.each([
    ...['', ' ', ' a', 'a ', 'a b', 'a\n', 'A', 'a/B'],
    ...['-a', 'a-', '.a', 'a.', '_a', 'a_', 'a..b', 'a._b', 'a___b', 'a/-b', 'a/b-'],
    ...['/a', 'a/', 'a//b', '-h/A', 'h-/A', '-h:1/a', 'h-:1/a', 'h:/a', 'h:x/a', ':1/a'],
    ...['a:', 'a:.x', 'a:-x', 'a:b c', 'a:b:c', `a:${'x'.repeat(129)}`],
    ...['a@', 'a@sha256:0a', `a@${digest}0`, `a@md5:${'0a'.repeat(32)}`, `a@${digest.toUpperCase()}`, `@${digest}`],
    'a'.repeat(457),
  ])('cannot be %j', (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });
});
