import { html } from './html.js';
import { page } from './layout.js';

/** A page that says why there are no records to be seen. */
export function messagePage(status: number): string {
  const text = status < 500 ? GONE : FAILED;
  return page('記録を表示できません', html`<p class="lead">${text}</p>`);
}

const GONE = '表示の期限が過ぎたか、アドレスが正しくありません。開示システムから、もう一度開いてください。';
const FAILED = '現在、記録を表示できません。しばらくしてから、もう一度お試しください。';
