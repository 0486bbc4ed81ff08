"""People, teams, and who owns what."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class People(BaseUserManager["Person"]):
    """Finds people by their login name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username__iexact=username)


class Person(AbstractBaseUser):
    """Someone who logs in. `role` is one of domain.rights.Role; `time_zone` an IANA name."""

    username = models.TextField()
    email = models.TextField(default="")
    name = models.TextField(default="")
    role = models.TextField()
    language = models.TextField(default="")
    time_zone = models.TextField(default="UTC")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    objects = People()

    class Meta:
        db_table = "person"
        constraints = [models.UniqueConstraint(Lower("username"), name="person_username_once")]


class SetupLink(models.Model):
    """A one-time link by which someone sets a password. Only the token's hash is kept.

    Without `person` it makes the first administrator; with one it is this person's invitation, or the way back in
    after a forgotten password. `expires_at` None: until a newer link takes its place.
    """

    token_hash = models.BinaryField(unique=True)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="setup_links")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "setup_link"


class ApiToken(models.Model):
    """A key for scripts: acts as its person, within `scope` (read, write). Only its hash is kept.

    `hint` is its first signs, by which a person recognises it in a list.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    name = models.TextField()
    hint = models.TextField()
    token_hash = models.BinaryField(unique=True)
    scope = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"


class SavedView(models.Model):
    """A list's address under a name. `query` is all behind the `?`; `is_shared`: everyone sees it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="views")
    name = models.TextField()
    query = models.TextField()
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "saved_view"
        constraints = [models.UniqueConstraint("person", Lower("name"), name="saved_view_name_once")]


class Throttle(models.Model):
    """How often something was tried: failed logins of a name or from an address. `until`: refused until then."""

    key = models.TextField(unique=True)
    count = models.IntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "throttle"


class Team(models.Model):
    """A team that owns assets. `settings` hold its channels per destination."""

    key = models.TextField(unique=True)
    name = models.TextField()
    language = models.TextField(default="")
    time_zone = models.TextField(default="UTC")
    settings = models.JSONField(default=dict)

    class Meta:
        db_table = "team"


class TeamMember(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")

    class Meta:
        db_table = "team_member"
        constraints = [models.UniqueConstraint("team", "person", name="team_member_once")]


class Ownership(models.Model):
    """A rule "what matches belongs to this team". The first that matches, by `position`, wins.

    A CODEOWNERS file is one rule of several teams.
    """

    position = models.IntegerField()
    matches = models.JSONField()
    team = models.ForeignKey(Team, models.CASCADE, related_name="owns")

    class Meta:
        db_table = "ownership"
        constraints = [models.UniqueConstraint("position", "team", name="ownership_once")]
