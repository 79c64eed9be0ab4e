import type { ReactNode } from 'react';

import { Badge } from '../elements.js';
import { type Frame, renderDocument } from '../frame.js';
import { Commands } from './commands.js';
import { firstRunStrings as strings } from './strings.js';

/** What became of a first-run link: it still counts, was used, ended, or never was one. */
export type FirstRunState = 'valid' | 'used' | 'late' | 'unknown';

export interface FirstRunModel {
  readonly state: FirstRunState;
}

/** Renders what a first-run link opens until the console is there. Showing it uses nothing up. */
export function renderFirstRun(frame: Frame, model: FirstRunModel): string {
  return renderDocument(frame, {
    title: strings.title,
    error: model.state !== 'valid',
    wide: true,
    content: <FirstRun state={model.state} />,
  });
}

function FirstRun({ state }: { readonly state: FirstRunState }): ReactNode {
  const words = strings[state];
  return (
    <>
      {state === 'valid' ? <Badge name="tick" tone="good" /> : <Badge name="clock" tone="bad" />}
      <h1>{words.heading}</h1>
      <p>{words.text}</p>
      <Commands commands={strings.commands} />
    </>
  );
}
