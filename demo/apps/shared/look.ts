import { readFile } from 'node:fs/promises';
import { beside } from './files.js';

/** What an application shows of itself on its bar. */
export interface Look {
  /** The organization whose application it is. */
  readonly tenant: string;
  /** The application's own name. */
  readonly name: string;
  readonly accent: 'amber' | 'blue' | 'plum' | 'teal';
}

/** Address of the stylesheet in each application. */
export const STYLESHEET = '/style.css';

/** The one stylesheet of the sample applications. */
export function stylesheet(): Promise<Buffer> {
  return readFile(beside(import.meta.url, 'style.css'));
}
