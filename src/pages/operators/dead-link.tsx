import { Badge } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { Commands } from '../status/commands.js';
import { linkStrings as strings } from './strings.js';

/** What became of a one-time link that counts no more. */
export interface DeadLinkModel {
  readonly kind: 'first_run' | 'enrolment';
  readonly state: 'used' | 'late' | 'unknown';
}

/** Renders what a link opens that was used, has ended or never was one, and how to print another. */
export function renderDeadLink(frame: Frame, { kind, state }: DeadLinkModel): string {
  const words = strings[kind][state];
  const content = (
    <>
      <Badge name="clock" tone="bad" />
      <h1>{words.heading}</h1>
      <p>{words.text}</p>
      <Commands commands={strings.commands} />
    </>
  );
  return renderDocument(frame, { title: strings[kind].title, error: true, wide: true, content });
}
