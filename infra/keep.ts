// What happens to a resource that must outlive its stack?
import { RemovalPolicy } from 'aws-cdk-lib';

/**
 * It stays when the stack is deleted or changed. It goes when the deployment that made it is rolled back:
 * otherwise the next try would find its name taken.
 */
export const KEEP = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
