import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alignColumns, chooseRooms, listRooms, roomOfPath, testsOf } from '../../rooms/rooms.ts';

const sources = join(import.meta.dirname, '../../../src');

describe('roomOfPath', () => {
  it.each([
    ['portage/atom.ts', 'portage'],
    ['zentoo/root/in-root.ts', 'zentoo/root'],
    ['failure.ts', 'src'],
  ])('finds the room of %s', (file, room) => {
    expect(roomOfPath(join(sources, file))).toBe(room);
  });
});

describe('testsOf', () => {
  it.each([
    ['plan', 'test/unit/plan'],
    ['zentoo/root', 'test/unit/zentoo/root'],
    ['portage/explain', 'test/unit/portage/explain'],
    ['portage/none', 'test/unit/portage'],
    ['src', 'test/unit'],
  ])('finds the folder of the tests of %s', (room, folder) => {
    expect(testsOf(room)).toBe(folder);
  });
});

describe('listRooms', () => {
  it('lists folders, nested folders and the top', () => {
    expect(listRooms()).toEqual(expect.arrayContaining(['portage', 'zentoo/root', 'src']));
  });
});

describe('chooseRooms', () => {
  it('takes all rooms if none is named', () => {
    expect(chooseRooms([], ['a', 'b'])).toEqual(['a', 'b']);
  });

  it('takes the rooms that are named', () => {
    expect(chooseRooms(['b'], ['a', 'b'])).toEqual(['b']);
  });

  it('refuses a name that is no room and lists the rooms', () => {
    expect(() => chooseRooms(['c'], ['a', 'b'])).toThrow(
      expect.objectContaining({ message: 'failed to choose rooms: there is no room c', hint: 'use one of: a, b' }),
    );
  });
});

describe('alignColumns', () => {
  it('aligns the first column to the left and the others to the right', () => {
    expect(
      alignColumns([
        ['room', 'n', ''],
        ['a', '100', 'x'],
      ]),
    ).toBe('room    n\na     100  x\n');
  });
});
