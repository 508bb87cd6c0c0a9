"""Recipes, one per file: settings of a publication, or of this library, as a config that can be trained by name."""

from spikejax.recipes.core.recipe import Recipe
from spikejax.registry import Registry, UnknownName

RECIPES = Registry("recipe", __name__, lambda value: isinstance(value, Recipe))

__all__ = ["RECIPES", "Recipe", "recipe_for"]


def recipe_for(name: str) -> Recipe:
    """The recipe with a name, or the first one for the data set with that name.

    Raises:
      UnknownName: there is none; names the nearest ones.

    >>> recipe_for("digits").config.epochs == RECIPES["digits"].config.epochs
    True
    """
    if name not in RECIPES:
        for recipe in RECIPES.values():
            if recipe.config.data == name:
                return recipe
    try:
        return RECIPES.find(name)
    except UnknownName as error:
        from spikejax.data import SOURCES

        if name in SOURCES:
            raise UnknownName(
                f"no recipe trains on {name}; expected one of {', '.join(RECIPES)}, with --data {name}"
            ) from None
        raise error
