/**
 * The text of a version's section in a changelog whose sections begin with `## VERSION`; undefined if there is none or it
 * is empty.
 * @param {string} changelog
 * @param {string} version
 * @returns {string | undefined}
 */
export function sectionOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split('\n', 1)[0]?.trim().split(' ')[0] === version);
  const text = section?.split('\n').slice(1).join('\n').trim();
  return text === '' ? undefined : text;
}
