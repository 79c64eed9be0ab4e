import { session } from './session.js';

// This page is where the hidden frame ends: it hands the answer to the page around it.
await session.tellParent();
