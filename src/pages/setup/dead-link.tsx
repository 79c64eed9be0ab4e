import { Badge, Words } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { formatInstant } from '../text.js';
import { setupStrings as strings } from './strings.js';

/** Why a set-up link opens nothing here. */
export interface DeadSetupLinkModel {
  readonly state: 'expired' | 'revoked' | 'elsewhere' | 'unknown';
  /** When that came about; null: nobody knows the link. */
  readonly at: Date | null;
  /** Whom to ask for another one; null: whoever sent it. */
  readonly contact: string | null;
}

/** Renders what a set-up link shows that has ended, was taken back, is open elsewhere or never was one. */
export function renderDeadSetupLink(frame: Frame, { state, at, contact }: DeadSetupLinkModel): string {
  const words = strings.dead[state];
  const names = { when: at === null ? '' : formatInstant(at), contact: contact ?? strings.nobody };
  const content = (
    <>
      <Badge name={state === 'elsewhere' ? 'window' : 'clock'} tone="bad" />
      <h1>{words.heading}</h1>
      <p>
        <Words of={words.text} names={names} />
      </p>
    </>
  );
  return renderDocument(frame, { title: strings.title, error: true, content });
}
