import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM, ensureSystemPackages } from '../../../test/support/system-packages.js';
import type { RunningService } from './running-service.js';

/** Opens Debian's Chromium without a window. */
export function openBrowser(): Promise<Browser> {
  ensureSystemPackages('chromium', 'fonts-noto-cjk');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A browser that holds a certificate, as the disclosure system's own. */
export function contextOf(
  browser: Browser,
  service: RunningService,
  client: string,
  width = 1_280,
): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: 900 },
    locale: 'ja-JP',
    // Playwright presents the certificate through a proxy of its own, which has a certificate of its own.
    ignoreHTTPSErrors: true,
    clientCertificates: [
      {
        origin: service.address,
        certPath: service.path('certificates', `${client}.pem`),
        keyPath: service.path('certificates', `${client}.key`),
      },
    ],
  });
}

/** Opens a person's page, as the disclosure system does it. */
export async function openPersonPage(
  context: BrowserContext,
  service: RunningService,
  code: string | undefined,
): Promise<Page> {
  const opened = await service.send('disclosure-system', 'POST', '/v1/disclosure-pages', {
    code,
    receiptNumber: 'R8-1201-0007',
  });
  const { path } = opened.json() as { readonly path: string };
  const page = await context.newPage();
  await page.goto(new URL(path, service.address).href);
  return page;
}
