"""What people are asked."""

from django.db import models


class Question(models.Model):
    """A question and how many said yes."""

    text = models.CharField(max_length=200)
    votes = models.IntegerField(default=0)
