import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextOf, openBrowser, openPersonPage } from './browser.js';
import { makeRecords, PERSON } from './example-records.js';
import { readCodes } from './example-requests.js';
import { RunningService } from './running-service.js';

/** Takes the picture of the person's page that stands in the documents. */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'renkei-screenshot-'));
  const service = await RunningService.start(folder);
  const browser = await openBrowser();
  try {
    const codes = readCodes(service);
    await makeRecords(service, codes);
    const context = await contextOf(browser, service, 'disclosure-system');
    const page = await openPersonPage(context, service, codes['disclosure-system']?.[PERSON]);
    await page.screenshot({ path: 'docs/access-records-page.png', fullPage: true });
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
