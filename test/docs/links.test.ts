import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anchorsOf, withoutFences } from './markdown.js';

const ROOT = new URL('../../', import.meta.url);
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => /^README.*\.md$/.test(name)),
  ...readdirSync(new URL('docs', ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api/'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, url: new URL(path, ROOT) }));

/** Targets of the links in a text that lead to files here. */
function relativeLinks(text: string): string[] {
  const prose = withoutFences(text).replaceAll(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(<?([^()\s<>]+)>?(?: "[^"]*")?\)/g)];
  const definitions = [...prose.matchAll(/^\[[^\]]+\]: (\S+)/gm)];
  return [...inline, ...definitions]
    .map(([, target]) => target as string)
    .filter((target) => !/^\w+:/.test(target));
}

test.each(DOCUMENTS)('relative links in $path resolve, anchors too', ({ url }) => {
  for (const link of relativeLinks(readFileSync(url, 'utf8'))) {
    const target = new URL(link, url);
    const anchor = decodeURIComponent(target.hash.slice(1));
    target.hash = '';
    expect(existsSync(target), `${link} is not there`).toBe(true);
    if (anchor === '') continue;
    expect(anchorsOf(readFileSync(target, 'utf8')), `${link} has no such heading`).toContain(anchor);
  }
});

describe('the search for links', () => {
  test('finds inline links, images and definitions, but no web addresses and no code', () => {
    const text = [
      'See [a](a.md), ![b](docs/b.png "B") and [c](<c.md#part>).',
      '[d]: d.md',
      '[e](https://example.jp/e.md) `[f](f.md)`',
      '```',
      '[g](g.md)',
      '```',
    ].join('\n');
    expect(relativeLinks(text)).toEqual(['a.md', 'docs/b.png', 'c.md#part', 'd.md']);
  });

  test('knows the anchors of headings in both languages', () => {
    expect(anchorsOf('# What is `RK1`?\n## 鍵の「指紋」\n```\n# not a heading\n```')).toEqual(
      new Set(['what-is-rk1', '鍵の指紋']),
    );
  });
});
