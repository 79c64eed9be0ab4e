import type { App } from '../../apps.js';
import { html, type Html } from '../html.js';

const TABS = [
  ['', 'General'],
  ['/provisioning', 'Provisioning'],
  ['/push-groups', 'Push Groups'],
  ['/scim-log', 'Provisioning log'],
] as const;

/** The tabs of an app integration. */
export function appTabs(app: App, here: (typeof TABS)[number][0]): Html {
  return html`<nav class="tabs" aria-label="${app.label}">
    ${TABS.map(
      ([path, label]) =>
        html`<a href="/admin/apps/${app.id}${path}" ${path === here && html`aria-current="page"`}
          >${label}</a
        >`,
    )}
  </nav>`;
}
