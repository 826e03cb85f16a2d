import { describe, expect, test } from 'vitest';
import { help } from '../../../src/cli/help.ts';
import { refuseTakenOptions } from '../../../setup/npm-options.js';

const npm = { npm_lifecycle_event: 'start', INIT_CWD: '/home/larry', npm_config_userconfig: '/home/larry/.npmrc' };

/** The failure of `npm start`; undefined if the call is accepted. */
function failureOf(args: readonly string[], env: NodeJS.ProcessEnv, files: Readonly<Record<string, string>> = {}) {
  const readText = (path: string) => files[path.replace(String(process.ppid), 'npm')] ?? '';
  try {
    refuseTakenOptions(args, { ...npm, ...env }, readText);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && 'hint' in error && 'status' in error)) throw error;
    return { message: error.message, hint: error.hint, status: error.status };
  }
}

describe('npm start with an option before --', () => {
  test.each<[string[], NodeJS.ProcessEnv, string, string]>([
    [['a/b'], { npm_config_tag: 'mine' }, '--tag', 'a/b --tag=mine'],
    [['a/b'], { npm_config_tag: 'x\n\ny/z' }, '--tag', 'a/b --tag=x --tag=y/z'],
    [
      ['a/b'],
      { npm_config_rebuild: 'true', npm_config_tmpfs: 'off' },
      '--tmpfs, --rebuild',
      'a/b --tmpfs=off --rebuild',
    ],
    [
      ['a/b'],
      { npm_config_sync: '', npm_config_keep_failed: 'true' },
      '--keep-failed, --sync',
      'a/b --keep-failed --no-sync',
    ],
    [['a/b[c]'], { npm_config_emerge_option: '--oneshot' }, '--emerge-option', "'a/b[c]' --emerge-option=--oneshot"],
    // npm takes the value of an option that it does not know for an argument.
    [['a/b', 'ssl'], { npm_config_use: 'true' }, '--use', 'ARGUMENTS'],
  ])('%j and %j is refused, with the command line to write', (args, env, options, line) => {
    expect(failureOf(args, env)).toEqual({
      message: `failed to read the command line: npm took ${options} as options for npm`,
      hint: `write -- before all arguments: npm start -- ${line}`,
      status: 2,
    });
  });

  test.each(
    [...help.matchAll(/^ {2}--(?:no-)?([a-z-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => !['help', 'version'].includes(name)),
  )('is refused for --%s, as for every option', (name) => {
    expect(failureOf([], { [`npm_config_${name.replaceAll('-', '_')}`]: 'x' })?.message).toContain(
      `npm took --${name}`,
    );
  });
});

describe('npm start is accepted', () => {
  test('with -- before the options, and with settings that npm always passes on', () => {
    const usual = { npm_config_user_agent: 'npm/11', npm_config_audit: '', npm_config_cache: '/c' };
    expect(failureOf(['a/b', '--tag', 'mine'], usual)).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["the user's npmrc", { '/home/larry/.npmrc': 'audit=false\n progress = false\n' }],
    ['the environment', { '/proc/npm/environ': 'PATH=/bin\0NPM_CONFIG_PROGRESS=false\0' }],
  ])('if an option of npm itself is from %s', (_where, files) => {
    expect(failureOf(['a/b'], { npm_config_progress: '' }, files)).toBeUndefined();
    expect(failureOf(['a/b'], { npm_config_progress: '', npm_config_tag: 'x' }, files)?.message).toContain(
      'took --tag as',
    );
  });

  test('if another program was started in a script of npm', () => {
    expect(failureOf(['a/b'], { npm_config_tag: 'x', npm_lifecycle_event: 'release' })).toBeUndefined();
    expect(failureOf(['a/b'], { npm_config_tag: 'x', INIT_CWD: undefined })).toBeUndefined();
  });
});
