import type { DisclosedContent, Disclosure } from 'renkei';
import { type Html, html } from './html.js';
import { page } from './layout.js';

/** What a page of records is made of. */
export interface RecordsPage {
  readonly disclosure: Disclosure;
  /** 受付番号. */
  readonly receiptNumber: string;
  /** Address of the first page. */
  readonly first: string;
  /** Address of the next page; undefined on the last one. */
  readonly next: string | undefined;
  readonly isFirst: boolean;
}

/** The page on which a person sees who asked for what (情報提供等の記録の開示, 番号法23条). */
export function recordsPage({ disclosure, receiptNumber, first, next, isFirst }: RecordsPage): string {
  const items = Array.from(disclosure);
  return page(
    'あなたの情報がやり取りされた記録',
    html`<p class="lead">国の行政機関や地方公共団体などが、番号法に基づいて、あなたの情報をいつ、どの事務のために求め、どこから提供を受けたかの記録です（番号法23条）。新しいものから順に並んでいます。</p>
<dl class="facts">
<div><dt>表示した日時</dt><dd>${moment(disclosure.disclosedAt)}</dd></div>
<div><dt>受付番号</dt><dd>${receiptNumber}</dd></div>
<div><dt>このページの記録</dt><dd>${items.length}件</dd></div>
</dl>
${items.length === 0 ? html`<p class="none">記録はありません。</p>` : table(items)}
${paging(first, next, isFirst)}
<section aria-labelledby="notes">
<h2 id="notes">記録について</h2>
<ul>
<li>「不開示」とある記録は、法律の定めにより内容をお見せできません。</li>
<li>記録は7年間保存され、その後消去されます（番号法施行令30条）。</li>
<li>記録が事実と異なるときは、訂正を請求できます。訂正された記録には、その理由が示されます。</li>
</ul>
</section>`,
  );
}

// Where the table is narrow its rows become blocks, and browsers then forget that it is one: hence the roles.
function table(items: readonly ReturnType<Disclosure['at']>[]): Html {
  return html`<table role="table">
<caption>情報提供等の記録（新しい順）</caption>
<thead role="rowgroup">
<tr role="row">
${COLUMNS.map((name) => html`<th scope="col" role="columnheader">${name}</th>\n`)}</tr>
</thead>
<tbody role="rowgroup">
${items.map((item) => (item?.status === 'shown' ? shownRow(item.content) : withheldRow(item?.basis)))}</tbody>
</table>`;
}

const COLUMNS = [
  '提供の求めの日時',
  '情報照会者（求めた機関）',
  '事務',
  '情報提供者（求められた機関）',
  '特定個人情報',
  '提供の状況',
] as const;

function shownRow(content: DisclosedContent): Html {
  const { serial, requestedAt, inquirerName, department, affair, procedure } = content;
  const { providerName, information, items } = content;
  const cells = [
    html`${inquirerName}${detail(department)}`,
    html`${affair}${detail(procedure)}`,
    html`${providerName}`,
    html`${information}<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`,
    html`${provision(content)}${corrections(content)}`,
  ];
  return html`<tr role="row">
<th scope="row" role="rowheader" data-label="${COLUMNS[0]}">${moment(requestedAt)}<span class="detail">処理通番 ${serial}</span></th>
${cells.map((cell, k) => html`<td role="cell" data-label="${COLUMNS[k + 1]}"><div>${cell}</div></td>\n`)}</tr>
`;
}

function withheldRow(basis: string | undefined): Html {
  return html`<tr role="row" class="withheld">
<th scope="row" role="rowheader" data-label="${COLUMNS[0]}">不開示</th>
<td role="cell" colspan="5"><div>この記録の内容は開示されません（${basis}）。</div></td>
</tr>
`;
}

function provision({ provision: state, providedAt, outcome, refusal }: DisclosedContent): Html {
  if (state === 'provided' && providedAt !== undefined) {
    return html`<strong>提供されました</strong><span class="detail">${moment(providedAt)}</span>`;
  }
  if (state === 'awaited') return html`<strong>提供を待っています</strong>`;
  return html`<strong>提供されていません</strong><span class="detail">${
    outcome === 'not-permitted' ? (REFUSALS[refusal ?? ''] ?? REFUSED) : WHY_NOT[outcome]
  }</span>`;
}

const REFUSED = '認められない求めとして拒否されました（番号法21条2項）';
const REFUSALS: Readonly<Record<string, string>> = {
  'not-listed': '法令に定めのない組合せの求めとして拒否されました（番号法19条8号）',
  'inquirer-in-breach': '情報照会者に番号法28条の違反があり、拒否されました（番号法21条2項）',
  'provider-in-breach': '情報提供者に番号法28条の違反があり、拒否されました（番号法21条2項）',
};
const WHY_NOT = {
  forwarded: '有効期間内に提供がありませんでした（命令85 41条3項）',
  'provider-has-no-code': '情報提供者があなたの符号を取得していませんでした（番号法施行令26条2項）',
} as const;

function corrections({ corrections: made }: DisclosedContent): Html | undefined {
  if (made.length === 0) return undefined;
  return html`<span class="detail">訂正:</span><ul>${made.map(
    ({ at, reason }) => html`<li>${moment(at)} ${reason}</li>`,
  )}</ul>`;
}

function paging(first: string, next: string | undefined, isFirst: boolean): Html | undefined {
  if (isFirst && next === undefined) return undefined;
  return html`<nav aria-label="ページ送り"><ul>
${isFirst ? undefined : html`<li><a href="${first}">最初のページ</a></li>`}
${next === undefined ? undefined : html`<li><a href="${next}" rel="next">次のページ（古い記録）</a></li>`}
</ul></nav>`;
}

const JAPANESE = new Intl.DateTimeFormat('ja-JP', {
  timeZone: 'Asia/Tokyo',
  dateStyle: 'long',
  timeStyle: 'medium',
});

function moment(at: number): Html {
  const date = new Date(at);
  return html`<time datetime="${date.toISOString()}">${JAPANESE.format(date)}</time>`;
}

function detail(text: string): Html | undefined {
  return text === '' ? undefined : html`<span class="detail">${text}</span>`;
}
