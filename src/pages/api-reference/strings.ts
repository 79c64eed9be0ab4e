/** What the reference of the management API says besides what the API's own document does. */
export const apiReferenceStrings = {
  document: 'OpenAPI 3.1 document',
  contents: 'Contents',
  problems: 'Problems',
  body: 'Body',
  answer: 'Answer',
  required: 'needed',
} as const;
