import { expect, test } from 'vitest';
import { repositoryName } from '../../../../src/portage/configuration/repository-name.ts';

test.each<[string | undefined, string | undefined, string | undefined]>([
  [undefined, undefined, undefined],
  ['mine\nother\n', undefined, 'mine'],
  ['mine\rother', undefined, 'mine'],
  ['-my  repo!\n', undefined, 'my-repo'],
  ['\u0085mine\u001c', undefined, 'mine'],
  ['\n', undefined, ''],
  ['mine\n', 'repo-name = other\n', 'other'],
  ['mine\n', 'repo-name = \n', 'mine'],
  [undefined, 'masters = x\n\u0085repo-name\u00a0= é_1 # a\n', 'é_1-a'],
  [undefined, 'repo-name = a\nrepo-name = -!\n', undefined],
  [undefined, '#repo-name = a\nrepo-name =\nb\n= c\nx-repo-name = d', undefined],
  [undefined, 'repo-name = a=b', 'a-b'],
  [undefined, '\uFEFFrepo-name = a', undefined],
])('repo_name %j and layout.conf %j name %j', (repoName, layoutConf, name) => {
  expect(repositoryName({ repoName, layoutConf })).toBe(name);
});
