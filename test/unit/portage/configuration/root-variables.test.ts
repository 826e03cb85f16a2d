import { describe, expect, it } from 'vitest';
import { readMakeConf } from '../../../../src/portage/configuration/make-conf.ts';
import { findRootFaults } from '../../../../src/portage/configuration/root-variables.ts';

const faultsOf = (text: string) =>
  findRootFaults(readMakeConf([{ path: '/etc/portage/make.conf', text }])).map(
    ({ place, message }) => `${place.line}:${place.column}: ${message}`,
  );
const ignored = ['SYSROOT', 'PORTAGE_CONFIGROOT', 'EROOT', 'ESYSROOT', 'BROOT', 'EPREFIX', 'PORTAGE_OVERRIDE_EPREFIX'];

describe('a variable of make.conf that names another root', () => {
  it('is reported at its position if it is ROOT', () => {
    expect(faultsOf('CHOST=x-y\n ROOT="/usr/${CHOST}/"\n')).toEqual([
      '2:2: ROOT is /usr/x-y/: emerge would install packages there, and not in /',
    ]);
    expect(faultsOf('ROOT=image\n')).toEqual([expect.stringContaining('1:1: ROOT is image:')]);
  });

  it.each(ignored)('is reported if it is %s, which Portage ignores', (name) => {
    expect(faultsOf(`A=1\nexport ${name}="/x"\n`)).toEqual([
      `2:8: Portage ignores ${name} in make.conf, because it takes it only from its environment`,
    ]);
  });

  it('is reported if it is PORTAGE_REPOSITORIES, which Portage ignores', () => {
    expect(faultsOf('PORTAGE_REPOSITORIES="[gentoo]\nlocation = /x"\n')).toHaveLength(1);
  });

  it.each(['ROOT', ...ignored])('is accepted if it is %s and changes nothing', (name) => {
    expect(faultsOf(`${name}=""\n`)).toEqual([]);
    expect(faultsOf(`${name}="//"\n`)).toEqual([]);
    expect(faultsOf(`${name}="/x"\n${name}="/"\n`)).toEqual([]);
  });
});
