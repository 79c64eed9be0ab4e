import { Badge, LinkButton, Words, type IconName } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { deviceNoticeStrings as strings } from './strings.js';

/** How a device's sign-in ended for its person. */
export type DeviceNotice = keyof typeof strings;

const BADGES: Readonly<Record<DeviceNotice, readonly [icon: IconName, tone?: 'bad' | 'good']>> = {
  done: ['tick', 'good'],
  stopped: ['cross'],
  gone: ['clock'],
};

/** Renders the last page of a device's sign-in; `enterCodeHref` leads to the page that asks for a code. */
export function renderDeviceNotice(
  frame: Frame,
  model: { readonly notice: DeviceNotice; readonly enterCodeHref: string },
): string {
  const words = strings[model.notice];
  const [icon, tone] = BADGES[model.notice];
  const content = (
    <>
      <Badge name={icon} {...(tone === undefined ? {} : { tone })} />
      <h1>{words.heading}</h1>
      <p className="muted">
        <Words of={words.text} names={{ application: frame.applicationName }} />
      </p>
      {words.again === '' ? null : (
        <div className="stack">
          <LinkButton href={model.enterCodeHref}>{words.again}</LinkButton>
        </div>
      )}
    </>
  );
  return renderDocument(frame, { title: words.heading, error: model.notice === 'gone', content });
}
