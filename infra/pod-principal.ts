// How does a pod of EKS get a role? By its service account alone, in one of EKS's two ways.
import {
  FederatedPrincipal,
  type IPrincipal,
  ServicePrincipal,
  SessionTagsPrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { z } from 'zod';
import type { podSchemas } from './config-parts.ts';

type PodConfig = z.output<(typeof podSchemas)[number]>;

/** One service account of one cluster. Pods of other namespaces or clusters get nothing. */
export function podPrincipal(pod: PodConfig): IPrincipal {
  const { namespace, serviceAccount } = pod;
  if (pod.kind === 'eks-pod-identity')
    return new SessionTagsPrincipal(
      new ServicePrincipal('pods.eks.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': pod.cluster,
            'aws:RequestTag/kubernetes-namespace': namespace,
            'aws:RequestTag/kubernetes-service-account': serviceAccount,
          },
        },
      }),
    );
  const issuer = pod.provider.slice(pod.provider.indexOf('/') + 1);
  return new FederatedPrincipal(
    pod.provider,
    {
      StringEquals: {
        // Both: without the audience a token that the cluster made for somebody else would do.
        [`${issuer}:aud`]: 'sts.amazonaws.com',
        [`${issuer}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
      },
    },
    'sts:AssumeRoleWithWebIdentity',
  );
}
