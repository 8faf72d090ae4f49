import { type Html, html } from './html.js';

const SYSTEM = '情報提供等記録開示システム（例）';

/** A whole page in Japanese: landmarks, one heading of the first rank, a link past the head, no scripts. */
export function page(title: string, main: Html): string {
  return html`<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} | ${SYSTEM}</title>
<link rel="stylesheet" href="/assets/records.css">
</head>
<body>
<a class="skip" href="#main">本文へ移動</a>
<header>
<p>${SYSTEM}</p>
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${main}
</main>
<footer>
<p>このページは renkei の実装例です。表示される機関、人、記録はすべて架空のものです。</p>
</footer>
</body>
</html>
`.toString();
}
