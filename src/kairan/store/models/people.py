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
    """The one-time link by which the first administrator sets a password. Only the token's hash is kept."""

    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "setup_link"


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
    """A rule "what matches belongs to this team". The first that matches, by `position`, wins."""

    position = models.IntegerField(unique=True)
    matches = models.JSONField()
    team = models.ForeignKey(Team, models.CASCADE, related_name="owns")

    class Meta:
        db_table = "ownership"
