/** Options of emerge(1) that make it do something else than install packages, or wait for an answer. */
const otherActions = new Map(
  Object.entries({
    '--ask': '-a',
    '--check-news': '',
    '--clean': '',
    '--config': '',
    '--depclean': '-c',
    '--deselect': '-W',
    '--fetch-all-uri': '-F',
    '--fetchonly': '-f',
    '--help': '-h',
    '--info': '',
    '--list-sets': '',
    '--metadata': '',
    '--moo': '',
    '--prefix': '',
    '--pretend': '-p',
    '--prune': '-P',
    '--rage-clean': '',
    '--regen': '',
    '--resume': '-r',
    '--root': '',
    '--search': '-s',
    '--searchdesc': '-S',
    '--sync': '',
    '--unmerge': '-C',
    '--version': '-V',
  }),
);

const maximumLength = 4096;

/**
 * Why `text` cannot be handed to emerge as an option of a build, as the end of a sentence; undefined if it can.
 * Whether emerge knows it is left to emerge. Source: emerge(1), "ACTIONS" and "OPTIONS".
 */
export function emergeOptionProblem(text: string): string | undefined {
  if (!/^--?[A-Za-z0-9]/.test(text)) return 'does not begin with a dash and a letter';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'has a control character in it';
  if (text.length > maximumLength) return `is longer than ${maximumLength} characters`;
  const name = text.replace(/=.*$/s, '');
  const value = text.slice(name.length + 1);
  // emerge takes an option that is cut short as well (argparse, "allow_abbrev").
  const action = name.length > 2 && [...otherActions.keys()].find((other) => other.startsWith(name));
  if (action && value !== 'n') return `would make emerge do something else than build (${action})`;
  if (text.startsWith('--')) return undefined;
  const hidden = [...otherActions].find(([, short]) => short !== '' && text.slice(1).includes(short.slice(1)));
  return hidden === undefined ? undefined : `has ${hidden[1]} (${hidden[0]}) in it, which is not a build`;
}
