import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratchFolder } from '../../../test/support/scratch-folder.js';
import { contextOf, openBrowser, openPersonPage } from './browser.js';
import { HOSTILE, makeMoreRecords, makeRecords, PERSON, WITHHELD } from './example-records.js';
import { type Codes, permitted, readCodes } from './example-requests.js';
import { RunningService } from './running-service.js';

/** The rules of WCAG 2.2, levels A and AA. */
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const scratch = makeScratchFolder();
let service: RunningService;
let codes: Codes;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const faults: string[] = [];
const ofPerson = () => codes['disclosure-system']?.[PERSON];

beforeAll(async () => {
  service = await RunningService.start(scratch.path('service'));
  codes = readCodes(service);
  await makeMoreRecords(service, codes, 20);
  await makeRecords(service, codes);
  browser = await openBrowser();
  context = await contextOf(browser, service, 'disclosure-system');
  context.on('console', (message) => faults.push(message.text()));
  context.on('weberror', (error) => faults.push(error.error().message));
  page = await openPersonPage(context, service, ofPerson());
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

/** The texts of the rows, top down. */
const rows = (of: Page) => of.locator('tbody tr').allInnerTexts();

describe("the person's page in a browser (番号法23条)", () => {
  test('shows who asked for what, when, of whom, and whether it was provided; the newest first', async () => {
    const [awaited, withheld, withoutCode, unlisted, provided] = await rows(page);
    expect(awaited).toMatch(/2[0-9]{3}年[0-9]+月[0-9]+日 [0-9]+:[0-9]{2}:[0-9]{2}/);
    for (const part of ['架空県知事', '子ども家庭課', '児童扶養手当の支給に関する事務', '現況届の審査']) {
      expect(awaited).toContain(part);
    }
    for (const part of ['架空市長', '地方税関係情報', '所得額', '扶養親族の数', '提供を待っています']) {
      expect(awaited).toContain(part);
    }
    expect(withheld).toMatch(
      /^不開示\s+この記録の内容は開示されません（番号法23条2項、個人情報保護法78条1項）。$/,
    );
    expect(withoutCode).toMatch(/提供されていません[\s\S]*番号法施行令26条2項/);
    expect(unlisted).toMatch(/提供されていません[\s\S]*番号法19条8号/);
    expect(provided).toMatch(/提供されました\s+2[0-9]{3}年/);
    expect(provided).toMatch(/子ども福祉課[\s\S]*訂正:[\s\S]*部署名の誤記を訂正/);
  });

  test('shows nothing of a record that is withheld, and no code of anybody', async () => {
    const source = await page.content();
    expect(source).not.toContain(WITHHELD);
    expect(source).not.toMatch(/(?<![A-Za-z0-9_-])[a-z2-7]{40}(?![A-Za-z0-9_-])/);
    expect(page.url()).not.toContain(ofPerson());
  });

  test('is Japanese, with landmarks, one heading of the first rank, a captioned table', async () => {
    expect(await page.getAttribute('html', 'lang')).toBe('ja');
    expect(await page.title()).toBe('あなたの情報がやり取りされた記録 | 情報提供等記録開示システム（例）');
    for (const role of ['banner', 'main', 'contentinfo', 'navigation'] as const) {
      expect(await page.getByRole(role).count()).toBe(1);
    }
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(
      'あなたの情報がやり取りされた記録',
    );
    const table = page.getByRole('table', { name: '情報提供等の記録（新しい順）' });
    expect(await table.getByRole('columnheader').count()).toBe(6);
    expect(await table.getByRole('rowheader').count()).toBe(20);
  });

  test.each([1_280, 640, 320])(
    'breaks no rule of WCAG 2.2 AA at %i pixels, and never scrolls sideways',
    async (width) => {
      const narrow = await contextOf(browser, service, 'disclosure-system', width);
      const opened = await openPersonPage(narrow, service, ofPerson());
      await opened.evaluate(axe.source);
      const { violations, passes } = await opened.evaluate(
        (tags) => (globalThis as unknown as { readonly axe: typeof axe }).axe.run({ runOnly: tags }),
        WCAG,
      );
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
      expect(passes.length).toBeGreaterThan(20);
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await opened.evaluate(overflow)).toBe(0);
      expect(await opened.getByRole('rowheader').count()).toBe(20);
      await narrow.close();
    },
    180_000,
  );

  test('is used with the keyboard alone: past the head, to the older records and back', async () => {
    const opened = await openPersonPage(context, service, ofPerson());
    await opened.keyboard.press('Tab');
    expect(await opened.evaluate('document.activeElement.textContent')).toBe('本文へ移動');
    await opened.keyboard.press('Enter');
    expect(await opened.evaluate('document.activeElement.id')).toBe('main');
    await opened.keyboard.press('Tab');
    expect(await opened.evaluate('document.activeElement.textContent')).toBe('次のページ（古い記録）');
    await Promise.all([opened.waitForURL(/\?cursor=/), opened.keyboard.press('Enter')]);
    expect(await rows(opened)).toHaveLength(5);
    await opened.getByRole('link', { name: '最初のページ' }).press('Enter');
    await opened.waitForURL(/disclosures\/[^?]+$/);
    expect(await rows(opened)).toHaveLength(20);
    await opened.close();
  });

  test('takes nothing in a record for HTML', async () => {
    expect((await rows(page)).at(-1)).toContain(HOSTILE);
    expect(await page.locator('script').count()).toBe(0);
  });

  test('prints: no navigation, and all rows on paper', async () => {
    const opened = await openPersonPage(context, service, ofPerson());
    await opened.emulateMedia({ media: 'print' });
    expect(await opened.getByRole('navigation').count()).toBe(0);
    expect(await opened.locator('tbody tr').filter({ visible: true }).count()).toBe(20);
    const paper = await opened.pdf({ preferCSSPageSize: true });
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
    await opened.close();
  });

  test('moves nothing for whoever wants less motion', async () => {
    const behaviour = 'getComputedStyle(document.documentElement).scrollBehavior';
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await page.evaluate(behaviour)).toBe('auto');
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await page.evaluate(behaviour)).toBe('smooth');
  });

  test('allows no scripts, pictures, forms or frames, is not kept, and tells no other site its address', async () => {
    const { headers } = await service.send('disclosure-system', 'GET', new URL(page.url()).pathname);
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  test('does not show yet what is to be seen from a later day on', async () => {
    const [code, tomorrow] = [codes.city?.[4], new Date(Date.now() + 86_400_000).toISOString()];
    await service.send('city', 'POST', '/v1/requests', {
      ...permitted(code, 'delayed'),
      visibleFrom: tomorrow,
    });
    const opened = await openPersonPage(context, service, codes['disclosure-system']?.[4]);
    expect(await opened.getByRole('main').textContent()).toContain('記録はありません。');
    await service.send('city', 'POST', '/v1/requests', permitted(code, 'at-once'));
    await opened.reload();
    expect(await rows(opened)).toHaveLength(1);
    await opened.close();
  });

  test('says in words that a page is not there', async () => {
    const opened = await context.newPage();
    const response = await opened.goto(`${service.address}/disclosures/${'x'.repeat(43)}`);
    expect(response?.status()).toBe(404);
    expect(await opened.getByRole('heading', { level: 1 }).textContent()).toBe('記録を表示できません');
    await opened.close();
  });

  test('the browser has found no fault', () => {
    expect(faults.filter((text) => !/status of 404/.test(text))).toEqual([]);
  });
});

describe('POST /v1/disclosures and /v1/disclosure-pages', () => {
  const disclose = (client: string, body: object) => service.send(client, 'POST', '/v1/disclosures', body);
  const receiptNumber = 'R8-1201-0008';

  test('the disclosure system reads page after page, as JSON', async () => {
    const first = (
      await disclose('disclosure-system', { code: ofPerson(), receiptNumber, limit: 20 })
    ).json();
    expect(first).toMatchObject({ records: { length: 20 }, next: expect.any(String) });
    const { next: cursor } = first as { readonly next: string };
    const second = (await disclose('disclosure-system', { code: ofPerson(), receiptNumber, cursor })).json();
    expect(second).toMatchObject({ records: { length: 5 } });
    expect(second).not.toHaveProperty('next');
  });

  test.each(['city', 'operator', 'records-officer'])('not %s', async (client) => {
    const answers = [
      await disclose(client, { code: ofPerson(), receiptNumber }),
      await service.send(client, 'POST', '/v1/disclosure-pages', { code: ofPerson(), receiptNumber }),
      await service.send(client, 'GET', new URL(page.url()).pathname),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  test("an institution's code of the person opens nothing", async () => {
    const body = { code: codes.city?.[PERSON], receiptNumber };
    for (const path of ['/v1/disclosures', '/v1/disclosure-pages']) {
      const refused = await service.send('disclosure-system', 'POST', path, body);
      expect(refused.status).toBe(422);
      expect(refused.json()).toMatchObject({ code: 'CODE_FORGED' });
    }
  });

  test("another person's cursor opens nothing", async () => {
    const [, other] = codes['disclosure-system'] ?? [];
    const { next } = (
      await disclose('disclosure-system', { code: ofPerson(), receiptNumber, limit: 1 })
    ).json() as { readonly next: string };
    const refused = await disclose('disclosure-system', { code: other, receiptNumber, cursor: next });
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
