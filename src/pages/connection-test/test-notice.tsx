import { Badge, type IconName } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { testNoticeStrings as strings } from './strings.js';

/** How a test sign-in ended for whoever tried it. */
export type TestNotice = keyof typeof strings;

const BADGES: Readonly<Record<TestNotice, readonly [icon: IconName, tone?: 'bad' | 'good']>> = {
  done: ['tick', 'good'],
  over: ['clock'],
  other_browser: ['cross'],
};

/** Renders the last page of a test sign-in. It names neither the person nor what was found: the first tab does. */
export function renderTestNotice(frame: Frame, notice: TestNotice): string {
  const { heading, text } = strings[notice];
  const [icon, tone] = BADGES[notice];
  const content = (
    <>
      <Badge name={icon} {...(tone === undefined ? {} : { tone })} />
      <h1>{heading}</h1>
      <p className="muted">{text}</p>
    </>
  );
  return renderDocument(frame, { title: heading, error: notice !== 'done', content });
}
