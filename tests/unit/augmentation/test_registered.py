from fedaug.augmentation.registry import GENERATORS, OPERATORS, load_plugin, plugin_names


def test_every_plug_in_of_the_package_is_registered_under_its_own_name() -> None:
    assert {"public-corpus", "label-phrases", "clinical-notes"} <= set(plugin_names(GENERATORS))
    assert {"splice", "word-swap"} <= set(plugin_names(OPERATORS))
    for group in (GENERATORS, OPERATORS):
        for name in plugin_names(group):
            assert load_plugin(group, name).name == name
