"""Which subcommands and options keystoneclient 0.4.1 has. The sentences are ours."""

from __future__ import annotations

from .argparse2 import Parser, TypeFailure


def seconds(text: str) -> float:
    """A timeout: a number above 0."""
    try:
        value = float(text)
    except ValueError:
        raise TypeFailure(f"{text} must be a float") from None
    if value <= 0:
        raise TypeFailure(f"{text} must be greater than 0")
    return value


def env(environment: dict[str, str], *names: str) -> str:
    """The first of some environment variables that is set and not empty."""
    return next((environment[n] for n in names if environment.get(n)), "")


# subcommand: (what it does, [arguments]). An argument is "names|metavar|flags"; flags: ! required, - hidden,
# ? may be left out (positional), =x another name for the result.
COMMANDS: dict[str, tuple[str, list[str]]] = {
    "catalog": ("Show what the token's catalog offers", ["--service|<service-type>|"]),
    "ec2-credentials-create": ("Make a pair of EC2 keys for a user in a tenant",
                               ["--user-id|<user-id>|", "--user_id||-", "--tenant-id|<tenant-id>|", "--tenant_id||-"]),
    "ec2-credentials-delete": ("Take a pair of EC2 keys back",
                               ["--user-id|<user-id>|", "--user_id||-", "--access|<access-key>|!"]),
    "ec2-credentials-get": ("Show one pair of EC2 keys",
                            ["--user-id|<user-id>|", "--user_id||-", "--access|<access-key>|!"]),
    "ec2-credentials-list": ("Show the EC2 keys of a user", ["--user-id|<user-id>|", "--user_id||-"]),
    "endpoint-create": ("Add the URLs of a service",
                        ["--region|<endpoint-region>|~regionOne", "--service --service-id --service_id|<service>|!",
                         "--publicurl|<public-url>|", "--adminurl|<admin-url>|", "--internalurl|<internal-url>|"]),
    "endpoint-delete": ("Remove the URLs of a service", ["id|<endpoint-id>|"]),
    "endpoint-get": ("Look a URL up in the token's catalog",
                     ["--service|<service-type>|!", "--endpoint-type|<endpoint-type>|~publicURL",
                      "--endpoint_type||-~publicURL", "--attr|<service-attribute>|", "--value|<value>|"]),
    "endpoint-list": ("Show all endpoints", []),
    "password-update": ("Change one's own password",
                        ["--current-password|<current-password>|=currentpasswd",
                         "--new-password |<new-password>|=newpasswd"]),
    "role-create": ("Make a role", ["--name|<role-name>|!"]),
    "role-delete": ("Delete a role", ["role|<role>|"]),
    "role-get": ("Show a role", ["role|<role>|"]),
    "role-list": ("Show all roles", []),
    "service-create": ("Register a service",
                       ["--name|<name>|!", "--type|<type>|!", "--description|<service-description>|"]),
    "service-delete": ("Remove a service", ["service|<service>|"]),
    "service-get": ("Show a service", ["service|<service>|"]),
    "service-list": ("Show all services", []),
    "tenant-create": ("Make a tenant",
                      ["--name|<tenant-name>|!", "--description|<tenant-description>|", "--enabled|<true|false>|"]),
    "tenant-delete": ("Delete a tenant", ["tenant|<tenant>|"]),
    "tenant-get": ("Show a tenant", ["tenant|<tenant>|"]),
    "tenant-list": ("Show all tenants", []),
    "tenant-update": ("Change name, text or state of a tenant",
                      ["--name|<tenant_name>|", "--description|<tenant-description>|", "--enabled|<true|false>|",
                       "tenant|<tenant>|"]),
    "token-get": ("Show the token in use", ["--wrap|<integer>|~0"]),
    "user-create": ("Make a user",
                    ["--name|<user-name>|!", "--tenant --tenant-id|<tenant>|", "--tenant_id||-",
                     "--pass|<pass>|=passwd", "--email|<email>|", "--enabled|<true|false>|"]),
    "user-delete": ("Delete a user", ["user|<user>|"]),
    "user-get": ("Show a user", ["user|<user>|"]),
    "user-list": ("Show all users, or those of a tenant", ["--tenant --tenant-id|<tenant>|", "--tenant_id||-"]),
    "user-password-update": ("Give a user another password", ["--pass|<password>|=passwd", "user|<user>|"]),
    "user-role-add": ("Give a user a role in a tenant",
                      ["--user --user-id --user_id|<user>|!", "--role --role-id --role_id|<role>|!",
                       "--tenant --tenant-id|<tenant>|", "--tenant_id||-"]),
    "user-role-list": ("Show a user's roles in a tenant",
                       ["--user --user-id|<user>|", "--user_id||-", "--tenant --tenant-id|<tenant>|",
                        "--tenant_id||-"]),
    "user-role-remove": ("Take a role in a tenant from a user",
                         ["--user --user-id --user_id|<user>|!", "--role --role-id --role_id|<role>|!",
                          "--tenant --tenant-id|<tenant>|", "--tenant_id||-"]),
    "user-update": ("Change name, mail address or state of a user",
                    ["--name|<user-name>|", "--email|<email>|", "--enabled|<true|false>|", "user|<user>|"]),
    "discover": ("Ask a keystone which API versions it has", []),
    "bootstrap": ("Make a tenant, a role and a user who has it",
                  ["--user-name|<user-name>|=user~admin", "--pass|<password>|!=passwd",
                   "--role-name|<role-name>|=role~admin", "--tenant-name|<tenant-name>|=tenant~admin"]),
    "bash-completion": ("Print every word that can be completed", []),
    "help": ("Explain this program or one subcommand", ["command|<subcommand>|?"]),
}

GLOBAL = [  # option, metavar, environment variables (first set wins), old spelling with underscores
    ("--os-username", "<auth-user-name>", ("OS_USERNAME",)),
    ("--os-password", "<auth-password>", ("OS_PASSWORD",)),
    ("--os-tenant-name", "<auth-tenant-name>", ("OS_TENANT_NAME",)),
    ("--os-tenant-id", "<tenant-id>", ("OS_TENANT_ID",)),
    ("--os-auth-url", "<auth-url>", ("OS_AUTH_URL",)),
    ("--os-region-name", "<region-name>", ("OS_REGION_NAME",)),
    ("--os-identity-api-version", "<identity-api-version>", ("OS_IDENTITY_API_VERSION", "KEYSTONE_VERSION")),
    ("--os-token", "<service-token>", ("OS_SERVICE_TOKEN",)),
    ("--os-endpoint", "<service-endpoint>", ("OS_SERVICE_ENDPOINT",)),
    ("--os-cacert", "<ca-certificate>", ("OS_CACERT",)),
    ("--os-cert", "<certificate>", ("OS_CERT",)),
    ("--os-key", "<key>", ("OS_KEY",)),
]


def base_parser(environment: dict[str, str]) -> Parser:
    """The options in front of a subcommand, their defaults from the environment."""
    parser = Parser("keystone", about="Command line of the OpenStack Identity service (Havana), in the practice lab.")
    parser.add("-h", "--help", action="store_true", hidden=True)
    parser.add("--version", action="version", const="0.4.1")
    parser.add("--debug", action="store_true", hidden=True)
    parser.add("--timeout", metavar="<seconds>", type=seconds, default=600)
    for name, metavar, variables in GLOBAL:
        parser.add(name, metavar=metavar, default=env(environment, *variables))
        if name not in ("--os-token", "--os-endpoint"):
            parser.add(name.replace("-", "_").replace("__", "--", 1), hidden=True)
    parser.add("--insecure", action="store_true")
    parser.add("--os-cache", action="store_true")
    parser.add("--os_cache", hidden=True)
    parser.add("--force-new-token", action="store_true")
    parser.add("--stale-duration", metavar="<seconds>", default=30)
    parser.add("--token", dest="os_token", metavar="<service-token>", hidden=True)
    parser.add("--endpoint", dest="os_endpoint", metavar="<service-endpoint>", hidden=True)
    return parser


def full_parser(environment: dict[str, str]) -> Parser:
    """The whole command line."""
    parser = base_parser(environment)
    commands = parser.subcommands("subcommand").commands
    assert commands is not None
    for name, (about, arguments) in COMMANDS.items():
        sub = commands[name] = Parser(f"keystone {name}", about=about)
        sub.add("-h", "--help", action="help", hidden=True)
        for text in arguments:
            _add(sub, text)
    commands["bash_completion"] = Parser("keystone bash_completion")
    return parser


def _add(parser: Parser, text: str) -> None:
    names, rest = text.split("|", 1)
    metavar, flags = rest.rsplit("|", 1)
    more: dict = {}
    flags, tilde, default = flags.partition("~")
    if tilde:
        more["default"] = default
    flags, equals, dest = flags.partition("=")
    if equals:
        more["dest"] = dest
    words = [names] if names.endswith(" ") else names.split(" ")  # 0.4.1 has an option that ends in a blank
    if "?" in flags:
        more["nargs"] = "?"
    if words[0].startswith("-") and "dest" not in more:
        more["dest"] = words[0].strip("- ").replace("-", "_")
    if "-" in flags:
        more["hidden"] = True
    parser.add(*words, metavar=metavar or None, required="!" in flags, **more)
