# Which account? Each cell is a new shell, so each cell that asks a registry reads this file first.
# Without COURSE_ACCOUNT=aws it is the local ECR's, and nothing of yours is read: no profile, no file in ~/.aws.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${COURSE_ACCOUNT:-local}" != aws ]; then
    unset AWS_PROFILE AWS_SESSION_TOKEN
    export AWS_CONFIG_FILE="$here/config" AWS_SHARED_CREDENTIALS_FILE=/dev/null
    export AWS_ENDPOINT_URL=http://localhost:5001 AWS_DEFAULT_REGION=eu-central-1
    # The course's own key: it opens nothing but the local ECR.
    export AWS_ACCESS_KEY_ID=AKIACOURSELOCALADMIN
    export AWS_SECRET_ACCESS_KEY=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
fi
export AWS_PAGER=
# REPOSITORY and REGISTRY, once the notebook has noted them.
if [ -f "$here/work/names" ]; then . "$here/work/names"; fi
