const ENTITIES: Readonly<Record<string, string>> = {
  '&#x27;': "'",
  '&quot;': '"',
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

/** What a person would read of it. */
export function textOf(html: string): string {
  const bare = html.replace(/<[^>]*>/gu, (tag) =>
    /^<\/?(?:bdi|span|a|code|small|time)\b/u.test(tag) ? '' : '\n',
  );
  return bare
    .replace(/&(?:#x27|quot|lt|gt|amp);/gu, (entity) => ENTITIES[entity] ?? '')
    .replace(/\n+/gu, '\n');
}

/** Its tags with their attributes' names: what decides how a browser builds the page. */
export function skeletonOf(html: string): readonly string[] {
  return (html.match(/<[^>]*>/gu) ?? []).map((tag) => tag.replace(/="[^"]*"/gu, '=""'));
}

/** The window's title. */
export function titleOf(html: string): string {
  return textOf(/<title>([^<]*)<\/title>/u.exec(html)?.[1] ?? '');
}

/** The heading, as read. */
export function headingOf(html: string): string {
  return textOf(/<h1>.*?<\/h1>/u.exec(html)?.[0] ?? '').trim();
}
