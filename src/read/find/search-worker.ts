// One thread that checks data objects and searches them, one after the other.
import { answerRequests } from './asking-worker.ts';
import { searchAsked } from './search-checker.ts';

answerRequests(searchAsked);
