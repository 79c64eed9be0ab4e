/** An error that Koa made for a status (`ctx.throw`): its message is meant for the caller. */
export function isHttpError(error: unknown): error is Error & { readonly status: number } {
  return error instanceof Error && 'status' in error && 'expose' in error && typeof error.status === 'number';
}
