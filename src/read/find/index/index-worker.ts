// One thread that checks data objects and indexes them, one after the other.
import { answerRequests } from '../asking-worker.ts';
import { indexAsked } from './index-checker.ts';

answerRequests(indexAsked);
