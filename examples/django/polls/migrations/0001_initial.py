"""Creates the table of questions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first version of the database."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Question",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("votes", models.IntegerField(default=0)),
            ],
        )
    ]
